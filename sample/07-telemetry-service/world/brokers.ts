import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientMqtt } from 'nestjs-mqtt-transport';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { createCertificate } from './certificate.js';

const SITE = 'north';
const HEAD_OFFICE = 'head-office';

/** The brokers of the service: the plant's, and the cloud's, which requires TLS and a password. */
export interface Brokers {
  readonly plant: MqttBroker;
  readonly plantUrl: string;
  readonly cloud: MqttBroker;
  readonly cloudUrl: string;
  /** Environment variables of the service for these brokers. */
  readonly environment: Record<string, string>;
  /** A client of the plant's broker, as a device. */
  device(): ClientMqtt;
  /** A client of the cloud's broker, over TLS. */
  headOffice(): ClientMqtt;
  close(): Promise<void>;
}

/** @param folder for certificate and password */
export async function startBrokers(folder: string): Promise<Brokers> {
  const passwords = new Map([SITE, HEAD_OFFICE].map((user) => [user, randomUUID()]));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, passwords.get(SITE)!);
  const certificate = createCertificate(folder);

  const plant = new MqttBroker();
  const cloud = new MqttBroker({
    authenticate: ({ username = '', password }) => passwords.get(username) === password?.toString(),
  });
  const plantUrl = await plant.listen();
  const cloudUrl = await cloud.listen({ tls: certificate });
  const headOffice = {
    url: cloudUrl,
    ca: certificate.cert,
    username: HEAD_OFFICE,
    password: passwords.get(HEAD_OFFICE)!,
  };
  return {
    plant,
    plantUrl,
    cloud,
    cloudUrl,
    environment: {
      SITE,
      PLANT_URL: plantUrl,
      CLOUD_URL: cloudUrl,
      CLOUD_CA: certificate.path,
      CLOUD_PASSWORD_FILE: passwordFile,
    },
    device: () => new ClientMqtt({ url: plantUrl }),
    headOffice: () => new ClientMqtt(headOffice),
    close: async () => void (await Promise.all([plant.close(), cloud.close()])),
  };
}
