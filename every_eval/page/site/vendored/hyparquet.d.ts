export function parquetMetadataAsync(file: AsyncBuffer, options?: { initialFetchSize?: number }): Promise<any>;
export function parquetReadObjects(options: {
  file: AsyncBuffer;
  metadata?: any;
  columns?: string[];
  compressors?: any;
  rowStart?: number;
  rowEnd?: number;
  filter?: any;
  useOffsetIndex?: boolean;
  usePageIndex?: boolean;
}): Promise<Record<string, any>[]>;
interface AsyncBuffer {
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}
