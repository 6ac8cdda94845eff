import { useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import * as calls from "../api";
import type { Notification, PreferencesChange } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["notifications"];
const LOOK_EVERY_MS = 30_000;

/** How many the reader has not seen; looked at again every half minute. */
export function useUnread() {
  const session = useSession();
  const query = useQuery({
    queryKey: [...KEY, "unread"],
    queryFn: calls.countUnread,
    enabled: () => session.state === "in",
    refetchInterval: LOOK_EVERY_MS,
  });
  return computed(() => query.data.value?.unread ?? 0);
}

/** The reader's list, whatever workspace is on the screen. */
export function useNotifications(unread: Ref<boolean>) {
  const { t } = useI18n();
  return {
    pages: usePages<Notification>(
      computed(() => [...KEY, "list", unread.value]),
      (page) => calls.listNotifications(unread.value, page),
    ),
    read: useAction((id: string) => calls.markRead(id), { refresh: [KEY] }),
    readAll: useAction(() => calls.markAllRead(), { done: () => t("notifications.allRead"), refresh: [KEY] }),
  };
}

/** How the reader is written to. */
export function usePreferences() {
  const { t } = useI18n();
  return {
    preferences: useQuery({ queryKey: [...KEY, "preferences"], queryFn: calls.fetchPreferences }),
    save: useAction((body: PreferencesChange) => calls.changePreferences(body), {
      done: () => t("notifications.preferencesSaved"),
      refresh: [[...KEY, "preferences"]],
      quiet: true,
    }),
  };
}
