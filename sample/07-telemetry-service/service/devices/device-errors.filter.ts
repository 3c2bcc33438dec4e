import { MqttHttpExceptionFilter, NoMatchingSubscribersError, type MqttTransportError } from 'nestjs-mqtt-transport';

/** Responds with 404 when no device subscribes to the topic: here the topic is the address of a device. */
export class DeviceErrorsFilter extends MqttHttpExceptionFilter {
  protected override statusOf(error: MqttTransportError): number {
    return error instanceof NoMatchingSubscribersError ? 404 : super.statusOf(error);
  }
}
