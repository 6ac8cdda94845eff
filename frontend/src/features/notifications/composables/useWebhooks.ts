import { useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import type { Delivery, NewWebhook, Webhook, WebhookChange } from "../types";
import { installationCalls, workspaceCalls, type WebhookCalls } from "../webhookApi";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

/** Webhooks of the workspace on the screen, or of the installation. Answers of `create` and `rotate` hold the secret. */
export function useWebhooks(installation: boolean) {
  const { t } = useI18n();
  const session = useSession();
  const calls: WebhookCalls = installation ? installationCalls : workspaceCalls;
  const key = computed(() => ["webhooks", installation ? "installation" : session.workspace?.id]);
  const refresh = [["webhooks"]];
  const enabled = (): boolean => installation || ["manager", "owner"].includes(session.workspace?.role ?? "");
  return {
    calls,
    key,
    may: computed(enabled),
    pages: usePages<Webhook>(key, calls.list, { enabled }),
    events: useQuery({ queryKey: computed(() => [...key.value, "events"]), queryFn: calls.events, enabled }),
    create: useAction((body: NewWebhook) => calls.create(body), { refresh, quiet: true }),
    update: useAction((input: { id: string; body: WebhookChange }) => calls.update(input.id, input.body), {
      done: () => t("notifications.webhooks.saved"),
      refresh,
      quiet: true,
    }),
    rotate: useAction((input: { id: string; overlap: number }) => calls.rotate(input.id, input.overlap), {
      refresh,
      quiet: true,
    }),
    remove: useAction((id: string) => calls.remove(id), {
      done: () => t("notifications.webhooks.removed"),
      refresh,
      quiet: true,
    }),
    test: useAction((id: string) => calls.test(id), { done: () => t("notifications.webhooks.tested"), refresh }),
  };
}

export type Webhooks = ReturnType<typeof useWebhooks>;

const LOOK_EVERY_MS = 3_000;

/** What was sent to one webhook, looked at again while it is on the screen. */
export function useDeliveries(webhooks: Webhooks, webhook: Ref<Webhook | undefined>, chosen: Ref<string | undefined>) {
  const { t } = useI18n();
  const id = computed(() => webhook.value?.id ?? "");
  const key = computed(() => [...webhooks.key.value, id.value, "deliveries"]);
  return {
    pages: usePages<Delivery>(key, (page) => webhooks.calls.deliveries(id.value, page), { enabled: () => !!id.value }),
    detail: useQuery({
      queryKey: computed(() => [...key.value, chosen.value]),
      queryFn: () => webhooks.calls.delivery(id.value, chosen.value ?? ""),
      enabled: () => !!id.value && !!chosen.value,
      refetchInterval: LOOK_EVERY_MS,
    }),
    redeliver: useAction((delivery: string) => webhooks.calls.redeliver(id.value, delivery), {
      done: () => t("notifications.webhooks.redelivered"),
      refresh: [["webhooks"]],
    }),
  };
}
