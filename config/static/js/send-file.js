// Sending a file: with a form to this site, or straight to the storage by the way it tells.

export class Offline extends Error {}
export class Refused extends Error {}

/**
 * Send a file and return the request that was answered last.
 *
 * `name` is the form's field for it; `began` is told each request, so that it can be aborted, and
 * `show` the share that is sent.
 */
export async function sendFile(file, { url, directUrl, name, fields, token, began, show }) {
  const ask = (address, sent, shown) => asked(address, { ...sent }, { token, began, show: shown });
  if (!directUrl) return ask(url, { ...fields, [name]: file }, show);
  const begun = await ask(directUrl, { ...fields, filename: file.name, size_bytes: file.size });
  if (begun.status !== 201) return begun;
  const told = JSON.parse(begun.responseText);
  const put = new XMLHttpRequest();
  put.open(told.method, told.url);
  for (const [header, value] of Object.entries(told.headers)) put.setRequestHeader(header, value);
  await answered(put, file, { began, show });
  if (put.status !== 200) throw new Refused();
  return ask(told.complete_url, {});
}

function asked(url, fields, { token, began, show }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("HX-Request", "true");
  return answered(request, form, { began, show });
}

function answered(request, body, { began, show }) {
  began(request);
  return new Promise((resolve, reject) => {
    if (show) request.upload.addEventListener("progress", ({ loaded, total }) => show(loaded / total));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Offline()));
    request.send(body);
  });
}
