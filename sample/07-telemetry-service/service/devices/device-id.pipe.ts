import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** Validates a device name, which becomes a level of a topic: `+`, `#` and `/` are not allowed. */
@Injectable()
export class DeviceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!/^[\w-]{1,64}$/.test(value))
      throw new BadRequestException('A device name consists of letters, digits, "_" and "-".');
    return value;
  }
}
