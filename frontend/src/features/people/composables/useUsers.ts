import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { createUser, findUsers, inviteUser, reactivateUser, suspendUser } from "../api";
import type { NewInvitation, NewUser, Suspension } from "../types";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "users"];

/** The people of the installation, for administrators. */
export function useUsers() {
  const { t } = useI18n();
  const { text: search, settled } = useSearchText();
  const wanted = computed(() => settled.value.trim());
  const pages = usePages(
    computed(() => [...KEY, "list", wanted.value]),
    (page) => findUsers(page, wanted.value),
  );
  const create = useAction((user: NewUser) => createUser(user), {
    done: (user) => t("accounts.users.created", { name: user.name }),
    refresh: [KEY],
    quiet: true,
  });
  const invite = useAction((user: NewInvitation) => inviteUser(user), {
    done: (user) => t("people.invited", { email: user.email }),
    refresh: [KEY],
    quiet: true,
  });
  const suspend = useAction((input: { id: string; body: Suspension }) => suspendUser(input.id, input.body), {
    done: () => t("accounts.users.suspended"),
    refresh: [KEY],
    quiet: true,
  });
  const reactivate = useAction((id: string) => reactivateUser(id), {
    done: () => t("accounts.users.reactivated"),
    refresh: [KEY],
  });
  return { pages, search, create, invite, suspend, reactivate };
}
