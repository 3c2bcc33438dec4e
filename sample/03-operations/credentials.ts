import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { MqttCredentials } from 'nestjs-mqtt-transport';
import { say } from './say.js';

const USERNAME = 'operations';

/** Simulates a secret store: returns the valid password. The broker of this sample uses it too. */
@Injectable()
export class Vault {
  private password = newPassword();
  private rotations = 0;

  /** Called by the transport before every connection attempt. */
  readonly credentials = (): Promise<MqttCredentials> =>
    Promise.resolve({ username: USERNAME, password: this.password });

  accepts(username: string | undefined, password: Buffer | undefined): boolean {
    return username === USERNAME && password?.toString() === this.password;
  }

  rotate(): void {
    this.password = newPassword();
    say('vault', `new password, number ${++this.rotations + 1}`);
  }
}

function newPassword(): string {
  return randomBytes(16).toString('hex');
}
