interface Scale {
  (value: number): number;
  domain(values: number[]): Scale;
  range(values: number[]): Scale;
  nice(): Scale;
  ticks(count?: number): number[];
  tickFormat(count?: number, specifier?: string): (value: number) => string;
}
export function scaleLinear(): Scale;
export function scaleLog(): Scale;
