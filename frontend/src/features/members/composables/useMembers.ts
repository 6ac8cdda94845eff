import { computed } from "vue";
import { useI18n } from "vue-i18n";
import {
  handOver,
  invite,
  listInvitations,
  listMembers,
  removeMember,
  resendInvitation,
  setRole,
  withdrawInvitation,
} from "../api";
import { mayManage } from "../roles";
import type { Invitation, Invite, Member, Role } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

const MEMBERS = ["members"];
const INVITATIONS = ["invitations"];

/** The members of the workspace on the screen, and what is done to them. */
export function useMembers() {
  const { t } = useI18n();
  const session = useSession();
  const pages = usePages<Member>(
    computed(() => [...MEMBERS, session.workspace?.id]),
    listMembers,
    { enabled: () => !!session.workspace },
  );
  const refresh = [MEMBERS, ["keys"]];
  const changeRole = useAction(
    async (input: { member: Member; role: Role }) => {
      await setRole(input.member.id, input.role);
      if (input.member.id === session.me?.id) await session.refresh();
    },
    { done: (_, input) => t("members.roleSet", { name: input.member.name }), refresh },
  );
  const remove = useAction(
    (input: { member: Member; keysTo: string | null }) => removeMember(input.member.id, input.keysTo),
    { done: (_, input) => t("members.removed", { name: input.member.name }), refresh, quiet: true },
  );
  return { pages, changeRole, remove };
}

/** The open invitations of the workspace on the screen; only managers see them. */
export function useInvitations() {
  const { t } = useI18n();
  const session = useSession();
  const pages = usePages<Invitation>(
    computed(() => [...INVITATIONS, session.workspace?.id]),
    listInvitations,
    { enabled: () => session.workspace?.kind === "shared" && mayManage(session.workspace.role) },
  );
  const refresh = [INVITATIONS];
  return {
    pages,
    send: useAction((body: Invite) => invite(body), {
      done: (_, body) => t("members.invited", { email: body.email }),
      refresh,
      quiet: true,
    }),
    resend: useAction((one: Invitation) => resendInvitation(one.id), {
      done: (_, one) => t("members.invited", { email: one.email }),
      refresh,
    }),
    withdraw: useAction((one: Invitation) => withdrawInvitation(one.id), {
      done: () => t("members.withdrawn"),
      refresh,
    }),
  };
}

/** Another owner for the workspace on the screen; the session carries one's role, so it is read anew. */
export function useHandOver() {
  const { t } = useI18n();
  const session = useSession();
  return useAction(
    async (userId: string) => {
      await handOver(userId);
      await session.refresh();
    },
    { done: () => t("members.handOver.done"), refresh: [MEMBERS], quiet: true },
  );
}
