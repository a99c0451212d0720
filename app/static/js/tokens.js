// Where the tokens live: sessionStorage, so they end with the tab.
// Not cookies: the API takes bearer tokens only. As no cookie is ever sent, another site cannot make the browser act
// for the user, and no CSRF token is needed. The price is that scripts of this page can read them; hence no foreign script and
// no innerHTML anywhere.

const ACCESS = "access_token";
const REFRESH = "refresh_token";

export const tokens = {
  get access() {
    return sessionStorage.getItem(ACCESS);
  },
  get refresh() {
    return sessionStorage.getItem(REFRESH);
  },
  /** Keeps what a log-in or a refresh returned. A refresh need not hand out a new refresh token. */
  store({ access_token: access, refresh_token: refresh }) {
    if (access) sessionStorage.setItem(ACCESS, access);
    if (refresh) sessionStorage.setItem(REFRESH, refresh);
  },
  clear() {
    sessionStorage.removeItem(ACCESS);
    sessionStorage.removeItem(REFRESH);
  },
};
