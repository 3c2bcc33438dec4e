import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** Lets device names pass: they become a level of a topic, where `+`, `#` and `/` mean something. */
@Injectable()
export class DeviceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!/^[\w-]{1,64}$/.test(value))
      throw new BadRequestException('A device is named by letters, digits, "_" and "-".');
    return value;
  }
}
