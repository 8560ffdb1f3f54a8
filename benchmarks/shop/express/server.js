// The reference that the shop is measured against: its three hot routes in Express, over the same database, with the same
// JSON, dressed as one would run it. Environment: PORT, DATABASE_URL, JWT_KEY, CACHE_SECONDS (0: no answer is kept).
import { randomUUID } from "node:crypto";
import express from "express";
import helmet from "helmet";
import jwt from "jsonwebtoken";
import morgan from "morgan";
import { open } from "./database.js";

const PAGE = 24;
const MOST_OF_ONE = 99;
const database = await open(process.env.DATABASE_URL);
const keepFor = Number(process.env.CACHE_SECONDS ?? 0) * 1000;
const kept = new Map();

const app = express();
app.disable("x-powered-by");
app.use((request, response, next) => {
  request.id = request.get("x-request-id") ?? randomUUID();
  response.set("X-Request-Id", request.id);
  response.set("X-Release", process.env.RELEASE ?? "express");
  next();
});
app.use(helmet());
morgan.token("id", (request) => request.id);
app.use(morgan('{"time":":date[iso]","id":":id","method":":method","path":":url","status"::status,"ms"::response-time}'));
app.use(express.json({ limit: "64kb" }));

async function answer(request, response, make) {
  const known = keepFor ? kept.get(request.url) : undefined;
  if (known && known.until > Date.now()) return response.type("json").send(known.body);
  const found = await make();
  if (found === undefined) return response.status(404).json({ error: { code: "not_found", message: "there is nothing here" } });
  const body = JSON.stringify(found);
  if (keepFor) kept.set(request.url, { until: Date.now() + keepFor, body });
  response.set("Cache-Control", keepFor ? `public, max-age=${keepFor / 1000}` : "no-cache").type("json").send(body);
}

app.get("/api/products", (request, response) =>
  answer(request, response, async () => {
    const after = Number(request.query.after ?? 0);
    const limit = Number(request.query.limit ?? PAGE);
    const rows = await database.page(after, limit + 1);
    const products = rows.slice(0, limit);
    const next = rows.length > limit ? products[limit - 1].id : null;
    return { products: products.map(({ id, ...product }) => product), next };
  }),
);

app.get("/api/products/:slug", (request, response) => answer(request, response, () => database.product(request.params.slug)));

app.post("/api/cart/items", async (request, response) => {
  let owner;
  try {
    const token = (request.get("authorization") ?? "").replace(/^Bearer /i, "");
    owner = jwt.verify(token, process.env.JWT_KEY, { algorithms: ["HS256"], clockTolerance: 30 }).sub;
  } catch {
    return response.status(401).json({ error: { code: "not_logged_in", message: "say who you are" } });
  }
  const { product, quantity = 1 } = request.body;
  if (typeof product !== "string" || !Number.isInteger(quantity) || quantity < 1 || quantity > MOST_OF_ONE) {
    return response.status(422).json({ error: { code: "invalid", message: "a product and a quantity" } });
  }
  if (!(await database.add(owner, product, quantity))) {
    return response.status(409).json({ error: { code: "out_of_stock", message: "not that many" } });
  }
  const items = await database.cart(owner);
  const count = items.reduce((sum, item) => sum + item.quantity, 0);
  const total = items.reduce((sum, item) => sum + item.price_cents * item.quantity, 0);
  response.set("Cache-Control", "no-store").json({ items, count, total_cents: total, features: ["gift_note"] });
});

app.get("/readyz", (_, response) => response.json({ status: "ready" }));

app.listen(Number(process.env.PORT), "127.0.0.1", () => console.error("listening"));
