import { IsISO8601, IsNumber, IsUUID, Max, Min } from 'class-validator';

/** A reading of a device. */
export class ReadingDto {
  /** Assigned by the device, so that duplicates are recognized. */
  @IsUUID()
  id!: string;

  @IsNumber()
  @Min(-100)
  @Max(200)
  celsius!: number;

  @IsISO8601()
  at!: string;
}
