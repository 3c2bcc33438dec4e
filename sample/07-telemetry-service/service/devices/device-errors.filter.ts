import { MqttHttpExceptionFilter, NoMatchingSubscribersError, type MqttTransportError } from 'nestjs-mqtt-transport';

/** As the filter of the package, but that a device nobody knows is 404: its topic is its address. */
export class DeviceErrorsFilter extends MqttHttpExceptionFilter {
  protected override statusOf(error: MqttTransportError): number {
    return error instanceof NoMatchingSubscribersError ? 404 : super.statusOf(error);
  }
}
