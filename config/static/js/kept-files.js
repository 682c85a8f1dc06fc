// Files that were chosen before there was an account, kept by this browser until there is one.

const DATABASE = "lacquer";
const STORE = "files";
const DAYS = 7; // a file that nobody came back for is forgotten

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function ask(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const change = database.transaction(STORE, mode);
      const request = act(change.objectStore(STORE));
      change.addEventListener("complete", () => resolve(request.result));
      for (const end of ["error", "abort"]) change.addEventListener(end, () => reject(change.error));
    });
  } finally {
    database.close();
  }
}

/** Keep a file; rejects where the browser has no room for it or keeps nothing. */
export const keep = (kind, file) => ask("readwrite", (store) => store.put({ file, since: Date.now() }, kind));

export const forget = (kind) => ask("readwrite", (store) => store.delete(kind)).catch(() => {});

/** Return the file kept as a kind, or null. */
export async function kept(kind) {
  try {
    const found = await ask("readonly", (store) => store.get(kind));
    if (found && Date.now() - found.since < DAYS * 86_400_000) return found.file;
    if (found) await forget(kind);
  } catch { /* this browser keeps nothing */ }
  return null;
}
