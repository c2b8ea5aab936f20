import * as oauth from "oauth4webapi";
import { config } from "./config";
import type { Tokens } from "./session";

const PENDING = "sign-in";
const CALLBACK = "/console/callback";

type Pending = { state: string; verifier: string; returnTo: string };

// No identity token is used, so the issuer only names the server.
const server = (): oauth.AuthorizationServer => ({
  issuer: new URL(config.tokenEndpoint ?? "", location.origin).origin,
  authorization_endpoint: new URL(config.authorizationEndpoint ?? "", location.origin).href,
  token_endpoint: new URL(config.tokenEndpoint ?? "", location.origin).href,
});
const client = (): oauth.Client => ({ client_id: config.clientId ?? "" });
// On this machine there is no certificate.
const options = (): { [oauth.allowInsecureRequests]?: boolean } =>
  new URL(server().token_endpoint ?? "").protocol === "http:" ? { [oauth.allowInsecureRequests]: true } : {};
const redirectUri = (): string => location.origin + CALLBACK;

/** Leaves for the identity provider; comes back to `returnTo`. */
export async function signIn(returnTo: string): Promise<void> {
  const pending: Pending = { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier(), returnTo };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const address = new URL(server().authorization_endpoint ?? "");
  const parameters = {
    response_type: "code",
    client_id: client().client_id,
    redirect_uri: redirectUri(),
    state: pending.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
    ...(config.scopes ? { scope: config.scopes } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  location.assign(address);
}

const tokens = (answer: oauth.TokenEndpointResponse, before: string | null): Tokens => ({
  access: answer.access_token,
  refresh: answer.refresh_token ?? before,
});

/** Whether the page is the way back from the identity provider. */
export const returning = (): boolean => location.pathname === CALLBACK;

/** Exchanges the code in the address for tokens. */
export async function complete(): Promise<{ tokens: Tokens; returnTo: string }> {
  const stored = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  if (!stored) throw new Error("This sign-in was not started in this tab, or is finished already.");
  const { state, verifier, returnTo } = JSON.parse(stored) as Pending;
  const parameters = oauth.validateAuthResponse(server(), client(), new URL(location.href), state);
  const none = oauth.None();
  const response = await oauth.authorizationCodeGrantRequest(server(), client(), none, parameters, redirectUri(), verifier, options());
  return { tokens: tokens(await oauth.processAuthorizationCodeResponse(server(), client(), response), null), returnTo };
}

/** New tokens for a refresh token; throws if it is refused. */
export async function refreshed(token: string): Promise<Tokens> {
  const response = await oauth.refreshTokenGrantRequest(server(), client(), oauth.None(), token, options());
  return tokens(await oauth.processRefreshTokenResponse(server(), client(), response), token);
}

/** Where the identity provider ends its own session, if it is configured. */
export function logoutAddress(): string | null {
  if (!config.logoutUrl) return null;
  const address = new URL(config.logoutUrl, location.origin);
  address.searchParams.set("client_id", client().client_id);
  address.searchParams.set("logout_uri", `${location.origin}/console/home`);
  return address.href;
}
