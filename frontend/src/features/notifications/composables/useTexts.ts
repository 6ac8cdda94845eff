import { useI18n } from "vue-i18n";
import type { Alert, Notification, Threshold } from "../types";
import { useFormat } from "@/shared/composables";

type Meaning = Pick<Threshold, "kind" | "percent" | "credits" | "days">;

const PLACES: Record<string, string> = {
  alert_fired: "/alerts",
  grant_made: "/credits",
  grant_voided: "/credits",
  subscription_started: "/credits",
  subscription_changed: "/credits",
  subscription_ended: "/credits",
  webhook_disabled: "/webhooks",
  gateway_silent: "/admin/gateways",
  quarantine_grown: "/admin/quarantine",
  prices_missing: "/admin/prices",
  books_broken: "/admin/books",
  inbox_delayed: "/admin",
};

/** Words for what is measured and for what has happened, in the reader's language and zone. */
export function useTexts() {
  const { t, te } = useI18n();
  const format = useFormat();

  function threshold(meaning: Meaning): string {
    const value = meaning.percent ?? meaning.days ?? meaning.credits ?? "";
    return t(`notifications.meanings.${meaning.kind}`, { value });
  }

  function found(alert: Pick<Alert, "kind" | "found" | "runs_out_at">): string {
    if (alert.runs_out_at) return t("notifications.foundRunOut", { at: format.value.time(alert.runs_out_at, "minute") });
    return t(alert.kind === "spend_per_day" ? "notifications.foundSpend" : "notifications.foundBalance", {
      credits: alert.found,
    });
  }

  function values(data: Record<string, unknown>): Record<string, string> {
    const entries = Object.entries(data).map(([name, value]): [string, string] => {
      if (name.endsWith("_at") && typeof value === "string") return [name, format.value.time(value, "minute")];
      return [name, Array.isArray(value) ? value.join(", ") : String(value ?? "")];
    });
    return { name: "", credits: "", count: "", models: "", last: "", ...Object.fromEntries(entries) };
  }

  function happening(notification: Notification): { title: string; text: string; to: string } {
    const key = notification.type.replace(".", "_");
    const data = values(notification.data);
    const title = t(te(`notifications.types.${key}`) ? `notifications.types.${key}` : "notifications.unknownType", data);
    const to = PLACES[key] ?? "/notifications";
    if (notification.type !== "alert.fired") return { title, text: t(`notifications.texts.${key}`, data), to };
    const kind = String(notification.data.threshold ?? "amount_left") as Threshold["kind"];
    const runsOut = notification.data.runs_out_at as string | null;
    return {
      title: t(`notifications.meanings.${kind}`, { value: data.value ?? "" }),
      text: found({ kind, found: data.found ?? "", runs_out_at: runsOut }),
      to,
    };
  }

  return { threshold, found, happening };
}
