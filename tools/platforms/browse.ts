/**
 * Runs wasm.js on a page: `browse.ts <folder> <browser> <argument>…` serves the folder, opens the page, prints what it says and
 * ends as it ends.
 */
const [folder, browser, ...args] = Deno.args;

const page = `<!doctype html><script type="module">
const say = (line) => fetch("/say", { method: "POST", body: line });
try {
  const { main } = await import("./wasm.js");
  const tests = await (await fetch("gradus_tests.wasm")).arrayBuffer(), lines = [];
  const isRight = await main(tests, (line) => lines.push(line));
  const checkout = await import("./src/gradus.js");
  lines.push("in a checkout: " + checkout.backend);
  await say(lines.join("\\n"));
  await fetch("/end", { method: "POST", body: isRight ? "0" : "1" });
} catch (error) {
  await say(String(error?.stack ?? error));
  await fetch("/end", { method: "POST", body: "1" });
}
</script>`;

const ended = Promise.withResolvers<number>();

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });
  if (pathname === "/say") console.log(await request.text());
  else if (pathname === "/end") ended.resolve(Number(await request.text()));
  else {
    const bytes = await Deno.readFile(`${folder}${pathname}`).catch(() => undefined);
    if (bytes === undefined) return new Response("there is none", { status: 404 });
    const type = pathname.endsWith(".js") ? "text/javascript" : "application/octet-stream";
    return new Response(bytes, { headers: { "content-type": type } });
  }
  return new Response();
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
const url = `http://127.0.0.1:${server.addr.port}/`;
const profile = await Deno.makeTempDir({ dir: folder });
const process = new Deno.Command(browser, {
  args: [...args, `--user-data-dir=${profile}`, url],
  stdin: "null",
  stdout: "null",
  stderr: "null",
}).spawn();
process.status.then(({ code }) => ended.resolve(code || 1));
const status = await ended.promise;
try {
  process.kill();
} catch {
  // It has ended itself.
}
await process.status;
await Deno.remove(profile, { recursive: true }).catch(() => {});
Deno.exit(status);
