/** What the deployment says about sign-in; the function writes it into index.html. Without the endpoints a token is pasted instead. */
export type Config = {
  authorizationEndpoint?: string;
  tokenEndpoint?: string;
  logoutUrl?: string;
  clientId?: string;
  scopes?: string;
  apiOrigin?: string;
  publicOrigin?: string;
  /** Whether webhooks may be sent to the machine of the server, over http. */
  localReceivers?: boolean;
  /** The handle that the local server fills with demo data. */
  demoHandle?: string | null;
};

function read(): Config {
  const text = typeof document === "undefined" ? null : document.getElementById("config")?.textContent;
  try {
    return text ? (JSON.parse(text) as Config) : {};
  } catch {
    return {};
  }
}

export const config: Config = read();

/** The origin of the API: the configured one, else that of the page. */
export const apiOrigin = (): string => config.apiOrigin || (typeof location === "undefined" ? "" : location.origin);

/** Whether people sign in at an identity provider. */
export const hasLogin = (): boolean => Boolean(config.authorizationEndpoint && config.tokenEndpoint && config.clientId);
