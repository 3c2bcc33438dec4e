import { Global, Module } from '@nestjs/common';

/** Settings of a deployment, read once from the environment. */
export class Settings {
  readonly site: string;
  /** Name of this instance, which must be the same after a restart, such as the pod's name in a StatefulSet. */
  readonly instance: string;
  readonly plantUrl: string;
  readonly cloudUrl: string;
  /** File with the CA certificate of the cloud's broker. */
  readonly cloudCa: string;
  /** File with the password for the cloud's broker, which may change while the service runs. */
  readonly cloudPassword: string;
  /** File of the database, or `:memory:`. */
  readonly database: string;
  readonly port: number;
  /** Timeout of requests to devices, in milliseconds. */
  readonly deviceTimeout: number;

  constructor(environment: NodeJS.ProcessEnv) {
    this.site = environment['SITE'] ?? 'north';
    this.instance = environment['INSTANCE'] ?? 'telemetry-0';
    this.plantUrl = environment['PLANT_URL'] ?? 'mqtt://localhost:1883';
    this.cloudUrl = environment['CLOUD_URL'] ?? 'mqtts://localhost:8883';
    this.cloudCa = environment['CLOUD_CA'] ?? '/etc/telemetry/ca.crt';
    this.cloudPassword = environment['CLOUD_PASSWORD_FILE'] ?? '/var/run/secrets/cloud/password';
    this.database = environment['DATABASE'] ?? ':memory:';
    this.port = Number(environment['PORT'] ?? 3000);
    this.deviceTimeout = Number(environment['DEVICE_TIMEOUT'] ?? 2_000);
  }
}

@Global()
@Module({
  providers: [{ provide: Settings, useFactory: () => new Settings(process.env) }],
  exports: [Settings],
})
export class SettingsModule {}
