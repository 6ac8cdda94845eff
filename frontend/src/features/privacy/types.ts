import type { Answer } from "@/shared/api";

export type Privacy = Answer<"/v1/me/privacy">;
export type DataExport = NonNullable<Privacy["export"]>;
export type Consent = Privacy["consents"][number];
export type Processor = Answer<"/v1/processors">["processors"][number];
