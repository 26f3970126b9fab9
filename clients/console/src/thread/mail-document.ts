const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'";

/**
 * A document for a sandboxed frame round the fragment of a mail. Its own policy
 * forbids whatever the sandbox and the page's policy would let pass; it is white in
 * both schemes, as mails expect.
 */
export function mailDocument(fragment: string): string {
  return `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer"><style>html{color-scheme:light;background:#fff;color:#1f262c}body{margin:12px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}</style></head><body>${fragment}</body></html>`;
}
