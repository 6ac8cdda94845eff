import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { createUser, listUsers, reactivateUser, suspendUser } from "../api";
import type { NewUser } from "../types";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "users"];

/** The people of the installation, for administrators. */
export function useUsers() {
  const { t } = useI18n();
  const { text: email, settled } = useSearchText();
  const wanted = computed(() => settled.value.trim() || undefined);
  const pages = usePages(
    computed(() => [...KEY, "list", wanted.value]),
    (page) => listUsers(page, wanted.value),
  );
  const create = useAction((user: NewUser) => createUser(user), {
    done: (user) => t("accounts.users.created", { name: user.name }),
    refresh: [KEY],
    quiet: true,
  });
  const suspend = useAction((input: { id: string; reason: string }) => suspendUser(input.id, input.reason), {
    done: () => t("accounts.users.suspended"),
    refresh: [KEY],
    quiet: true,
  });
  const reactivate = useAction((id: string) => reactivateUser(id), {
    done: () => t("accounts.users.reactivated"),
    refresh: [KEY],
  });
  return { pages, email, create, suspend, reactivate };
}
