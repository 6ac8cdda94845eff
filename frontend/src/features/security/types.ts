import type { Answer, Body, Item } from "@/shared/api";

export type Factor = Answer<"/v1/auth/totp">;
export type Enrolment = Answer<"/v1/auth/totp/enrol", "post">;
export type OpenSession = Item<"/v1/me/sessions">;
export type AccessToken = Item<"/v1/me/tokens">;
export type IssuedToken = Answer<"/v1/me/tokens", "post">;
export type NewToken = Body<"/v1/me/tokens">;
export type Scope = NewToken["scopes"][number];
export type Proof = Body<"/v1/auth/step-up">;
export type LinkedIdentity = Item<"/v1/me/identities">;
