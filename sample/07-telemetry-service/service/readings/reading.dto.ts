import { IsISO8601, IsNumber, IsUUID, Max, Min } from 'class-validator';

/** What a device reports. */
export class ReadingDto {
  /** Given by the device, so that a reading that comes twice is known again. */
  @IsUUID()
  id!: string;

  @IsNumber()
  @Min(-100)
  @Max(200)
  celsius!: number;

  @IsISO8601()
  at!: string;
}
