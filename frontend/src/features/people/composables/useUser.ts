import { useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import {
  endUserSessions,
  fetchFactor,
  fetchUser,
  inviteAgain,
  reactivateUser,
  requireFactor,
  resetFactor,
  setUserRole,
  stopViewing,
  suspendUser,
  viewAs,
} from "../api";
import type { AdminUser, Deed, Suspension } from "../types";
import { useSession } from "@/features/accounts";
import { useAction } from "@/shared/composables";

const KEY = ["admin", "users"];

export interface DeedInput {
  deed: Deed;
  user: AdminUser;
  reason: string;
  keys: Suspension["keys"];
}

function perform({ deed, user, reason, keys }: DeedInput): Promise<unknown> {
  switch (deed) {
    case "suspend":
      return suspendUser(user.id, { reason, keys, revision: user.revision });
    case "makeAdmin":
      return setUserRole(user.id, "admin", reason, user.revision);
    case "makeUser":
      return setUserRole(user.id, "user", reason, user.revision);
    case "endSessions":
      return endUserSessions(user.id, reason);
    case "require":
    case "unrequire":
      return requireFactor(user.id, deed === "require", reason);
    case "reset":
      return resetFactor(user.id, reason);
    case "viewAs":
      return viewAs(user.id, reason);
  }
}

/** One person, and what an administrator does to them. */
export function useUser(id: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const router = useRouter();
  const session = useSession();
  const enabled = computed(() => !!toValue(id));
  const detail = useQuery({
    queryKey: computed(() => [...KEY, toValue(id), "detail"]),
    queryFn: () => fetchUser(toValue(id)),
    enabled,
  });
  const factor = useQuery({
    queryKey: computed(() => [...KEY, toValue(id), "factor"]),
    queryFn: () => fetchFactor(toValue(id)),
    enabled,
  });
  const act = useAction(
    async (input: DeedInput) => {
      await perform(input);
      if (input.deed === "viewAs") {
        await router.push("/");
        await session.refresh();
      }
    },
    { done: (_, input) => t(`people.done.${input.deed}`, { name: input.user.name }), refresh: [KEY], quiet: true },
  );
  const reactivate = useAction(() => reactivateUser(toValue(id)), {
    done: () => t("accounts.users.reactivated"),
    refresh: [KEY],
  });
  const again = useAction((user: AdminUser) => inviteAgain(user.id), {
    done: (_, user) => t("people.invited", { email: user.email }),
  });
  return { detail, factor, act, reactivate, again };
}

/** Stops looking as somebody; the way back is part of the deed, since the page changes with the person. */
export function useStopViewing() {
  const router = useRouter();
  const session = useSession();
  return useAction(async () => {
    await stopViewing();
    await session.refresh();
    await router.push("/admin/users");
  });
}
