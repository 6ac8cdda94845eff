import { en } from "./en";
import { zh } from "./zh";

export type { FeatureMessages, Translation } from "./types";

export const messages = { en, zh };
