import type { Answer, Body, Item } from "@/shared/api";

export type Member = Item<"/v1/workspace/members">;
export type Role = Member["role"];
export type Invitation = Item<"/v1/workspace/invitations">;
export type Invite = Body<"/v1/workspace/invitations">;
export type Waiting = Item<"/v1/invitations">;
export type Invited = Answer<"/v1/invitations/look", "post">;
