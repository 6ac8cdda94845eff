import type { Invite, Role } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listMembers = (page: PageRequest) => api.get("/v1/workspace/members", { query: page });

export const setRole = (id: string, role: Role) =>
  api.patch("/v1/workspace/members/{user_id}", { path: { user_id: id }, body: { role } });

export const removeMember = (id: string, reassignKeysTo: string | null) =>
  api.post("/v1/workspace/members/{user_id}/remove", {
    path: { user_id: id },
    body: { reassign_keys_to: reassignKeysTo },
  });

export const handOver = (userId: string) => api.post("/v1/workspace/hand-over", { body: { user_id: userId } });

export const listInvitations = (page: PageRequest) => api.get("/v1/workspace/invitations", { query: page });

export const invite = (body: Invite) => api.post("/v1/workspace/invitations", { body });

export const resendInvitation = (id: string) =>
  api.post("/v1/workspace/invitations/{invitation_id}/resend", { path: { invitation_id: id } });

export const withdrawInvitation = (id: string) =>
  api.post("/v1/workspace/invitations/{invitation_id}/withdraw", { path: { invitation_id: id } });

/** Invitations that wait for the reader's own address. */
export const listWaiting = () => api.get("/v1/invitations");

export const acceptWaiting = (id: string) =>
  api.post("/v1/invitations/{invitation_id}/accept", { path: { invitation_id: id } });

export const declineWaiting = (id: string) =>
  api.post("/v1/invitations/{invitation_id}/decline", { path: { invitation_id: id } });

/** What the link of a mail is about; its token never stands in an address that a server sees. */
export const lookAt = (token: string) => api.post("/v1/invitations/look", { body: { token } });

export const acceptLink = (token: string) => api.post("/v1/invitations/accept", { body: { token } });

export const declineLink = (token: string) => api.post("/v1/invitations/decline", { body: { token } });
