import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { MqttCredentials } from 'nestjs-mqtt-transport';
import { say } from './say.js';

const USERNAME = 'operations';

/** Stands for a vault: hands out the password that is valid now. The broker of this sample asks it as well. */
@Injectable()
export class Vault {
  private password = newPassword();
  private rotations = 0;

  /** Asked by the transport before every connection. */
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
