// The pages that the gates run on: paths below a handle.
export const PAGES = ["overview", "attribution/links", "attribution/links/new"];
