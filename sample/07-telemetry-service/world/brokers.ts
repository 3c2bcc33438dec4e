import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientMqtt } from 'nestjs-mqtt-transport';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { createCertificate } from './certificate.js';

const SITE = 'north';
const HEAD_OFFICE = 'head-office';

/** The brokers that the service needs: the plant's, and the cloud's, which wants TLS and a password. */
export interface Brokers {
  readonly plant: MqttBroker;
  readonly plantUrl: string;
  readonly cloud: MqttBroker;
  readonly cloudUrl: string;
  /** Environment of the service that leads to them. */
  readonly environment: Record<string, string>;
  /** A client at the plant, as devices are. */
  device(): ClientMqtt;
  /** A client at the cloud, over TLS. */
  headOffice(): ClientMqtt;
  close(): Promise<void>;
}

/** @param folder takes certificate and password */
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
