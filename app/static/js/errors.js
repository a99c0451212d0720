/** What the server, or the way to it, said no with. `message` can be shown to the user as it is. */
export class ApiError extends Error {
  /** @param {{code?: number, message?: string, errors?: object}} body the API's error shape; code 0 means no answer came */
  constructor({ code = 0, message, errors = {} } = {}) {
    super(message || "Something went wrong. Please try again.");
    this.name = "ApiError";
    this.code = code;
    this.errors = errors;
  }
}

/** The log-in has ended: neither token is accepted any more. */
export class SignedOutError extends ApiError {
  constructor() {
    super({ code: 401, message: "Your log-in has ended. Please log in again." });
    this.name = "SignedOutError";
  }
}
