export * from "./credits";
export { createFormat, type Bucket, type Format, type TimeStyle } from "./format";
export * from "./zones";
