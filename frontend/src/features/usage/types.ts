import type { Answer, Item, Query } from "@/shared/api";

export type UsageSummary = Answer<"/v1/usage/summary">;
export type UsageRow = UsageSummary["items"][number];
export type UsageNumbers = UsageSummary["total"];
export type UsageEvent = Item<"/v1/usage/events">;
export type EventDetail = Answer<"/v1/usage/events/{event_id}">;
export type SummaryQuery = NonNullable<Query<"/v1/usage/summary">>;
export type EventsQuery = NonNullable<Query<"/v1/usage/events">>;
export type ExportQuery = NonNullable<Query<"/v1/usage/export">>;

export const TIME_GROUPS = ["hour", "day", "week", "month"] as const;
export const THING_GROUPS = ["model", "key", "user", "project"] as const;
export const MEASURES = ["credits", "tokens", "events"] as const;

export type TimeGroup = (typeof TIME_GROUPS)[number];
export type ThingGroup = (typeof THING_GROUPS)[number];
export type Group = TimeGroup | ThingGroup;
export type Measure = (typeof MEASURES)[number];

export function isTimeGroup(group: Group): group is TimeGroup {
  return (TIME_GROUPS as readonly string[]).includes(group);
}
