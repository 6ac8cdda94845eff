import type { Answer, Body, Item } from "@/shared/api";

export type Threshold = Item<"/v1/alerts/thresholds">;
export type NewThreshold = Body<"/v1/alerts/thresholds">;
export type ThresholdChange = Body<"/v1/alerts/thresholds/{threshold_id}", "patch">;
export type ThresholdTrial = Body<"/v1/alerts/preview">;
export type ThresholdKind = Threshold["kind"];
export type Alert = Item<"/v1/alerts">;
export type Notification = Item<"/v1/notifications">;
export type Preferences = Answer<"/v1/notifications/preferences">;
export type PreferencesChange = Body<"/v1/notifications/preferences", "patch">;
export type Webhook = Item<"/v1/webhooks">;
export type NewWebhook = Body<"/v1/webhooks">;
export type WebhookChange = Body<"/v1/webhooks/{webhook_id}", "patch">;
export type IssuedWebhook = Answer<"/v1/webhooks", "post">;
export type Delivery = Item<"/v1/webhooks/{webhook_id}/deliveries">;
export type DeliveryDetail = Answer<"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}">;

export const THRESHOLD_KINDS = ["percent_left", "amount_left", "run_out", "spend_per_day"] as const;
