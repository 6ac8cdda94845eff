import { useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import {
  createWorkspace,
  fetchWorkspace,
  grantCredits,
  listWorkspaceGrants,
  listWorkspaces,
  reactivateWorkspace,
  renameAnyWorkspace,
  renameWorkspace,
  suspendWorkspace,
} from "../api";
import type { NewGrant, NewName, NewWorkspace } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "workspaces"];
/** A grant changes the workspace, the reader's own balance if it is theirs, and the admin's overview. */
const AFTER_GRANT = [KEY, ["credits"], ["admin", "overview"]];

/** All workspaces of the installation. */
export function useWorkspaces() {
  const { t } = useI18n();
  const { text: search, settled } = useSearchText();
  const pages = usePages(
    computed(() => [...KEY, "list", settled.value]),
    (page) => listWorkspaces(settled.value.trim(), page),
  );
  const create = useAction((body: NewWorkspace) => createWorkspace(body), {
    done: () => t("workspaces.created"),
    refresh: [KEY],
    quiet: true,
  });
  return { search, pages, create };
}

/** One workspace, its grants, and what an administrator does to them. */
export function useWorkspace(id: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const detail = useQuery({
    queryKey: computed(() => [...KEY, toValue(id), "detail"]),
    queryFn: () => fetchWorkspace(toValue(id)),
    enabled: computed(() => !!toValue(id)),
  });
  const grants = usePages(
    computed(() => [...KEY, toValue(id), "grants"]),
    (page) => listWorkspaceGrants(toValue(id), page),
    { enabled: () => !!toValue(id) },
  );
  const grant = useAction(
    (input: { body: NewGrant; idempotencyKey: string }) => grantCredits(toValue(id), input.body, input.idempotencyKey),
    { done: () => t("workspaces.granted"), refresh: AFTER_GRANT, quiet: true },
  );
  const rename = useAction((body: NewName) => renameAnyWorkspace(toValue(id), body), {
    done: () => t("workspaces.settings.saved"),
    refresh: [KEY],
    quiet: true,
  });
  const suspend = useAction((reason: string) => suspendWorkspace(toValue(id), reason), {
    done: () => t("workspaces.suspended"),
    refresh: [KEY],
    quiet: true,
  });
  const reactivate = useAction(() => reactivateWorkspace(toValue(id)), {
    done: () => t("workspaces.reactivated"),
    refresh: [KEY],
  });
  return { detail, grants, grant, rename, suspend, reactivate };
}

/** The name of the workspace on the screen; the session carries it, so it is read anew. */
export function useRename() {
  const { t } = useI18n();
  const session = useSession();
  return useAction(
    async (name: string) => {
      await renameWorkspace(name);
      await session.refresh();
    },
    { done: () => t("workspaces.settings.saved"), refresh: [KEY], quiet: true },
  );
}
