// Somebody's Node project: a page that asks its own API, which runs as a second service.
const fs = require("fs");
const http = require("http");

const text = fs.readFileSync("text.txt", "utf8").trim();
const [role, port] = process.argv.slice(2);

async function answer(request) {
  if (role === "api") return { role, path: request.url, pid: process.pid };
  const asked = await fetch(process.env.API + "/api/things");
  return { text, role, path: request.url, pid: process.pid, api: await asked.json(), made: require("./made.json") };
}

const server = http.createServer(async (request, response) => {
  const [status, body] = await answer(request).then(
    (found) => [200, found],
    (error) => [502, { error: String(error) }],
  );
  const sent = JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(sent) });
  response.end(sent);
});

process.on("SIGTERM", () => server.close());
server.listen(Number(port), "127.0.0.1", () => console.log(`${role} listens on ${port}`));
