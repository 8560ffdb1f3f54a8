// The statements of the shop's hot routes, by the fastest driver that each database has on Node: better-sqlite3 and mysql2,
// both with prepared statements.
const PRODUCT = "p.slug, p.name, p.summary, c.slug AS category, p.price_cents, p.stock, p.picture, p.hue";
const FROM = "FROM products p JOIN categories c ON c.id = p.category_id";
const PAGE = `SELECT p.id, ${PRODUCT} ${FROM} WHERE p.id > ? AND p.active = 1 ORDER BY p.id LIMIT ?`;
const ONE = `SELECT ${PRODUCT}, p.description ${FROM} WHERE p.slug = ? AND p.active = 1`;
const CART =
  "SELECT p.slug, p.name, p.picture, p.hue, p.price_cents, i.quantity, p.stock " +
  "FROM cart_items i JOIN products p ON p.id = i.product_id WHERE i.owner = ? ORDER BY i.product_id";
const ADD = (least, onConflict) =>
  "INSERT INTO cart_items (owner, product_id, quantity) " +
  `SELECT ?, p.id, ? FROM products p WHERE p.slug = ? AND p.active = 1 AND ${least}(p.stock, 99) >= ? ${onConflict}`;
const ADD_SQLITE = ADD(
  "MIN",
  "ON CONFLICT (owner, product_id) DO UPDATE SET quantity = quantity + excluded.quantity WHERE quantity + " +
    "excluded.quantity <= MIN((SELECT stock FROM products WHERE id = cart_items.product_id), 99)",
);
const ADD_MYSQL = ADD(
  "LEAST",
  "ON DUPLICATE KEY UPDATE quantity = cart_items.quantity + " +
    "IF(cart_items.quantity + VALUES(quantity) <= LEAST(p.stock, 99), VALUES(quantity), 0)",
);

export async function open(url) {
  return url.startsWith("sqlite:") ? sqlite(url.replace("sqlite:///", "")) : mysql(url);
}

async function sqlite(path) {
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(path, { timeout: 5000 });
  // As the shop sets them.
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.pragma("foreign_keys = ON");
  const [page, one, cart, add] = [PAGE, ONE, CART, ADD_SQLITE].map((sql) => database.prepare(sql));
  return {
    page: (after, limit) => page.all(after, limit),
    product: (slug) => one.get(slug),
    cart: (owner) => cart.all(owner),
    add: (owner, slug, quantity) => add.run(owner, quantity, slug, quantity).changes > 0,
  };
}

async function mysql(url) {
  const { createPool } = await import("mysql2/promise");
  const pool = createPool({ uri: url, connectionLimit: 8, timezone: "Z" });
  const rows = async (sql, values) => (await pool.execute(sql, values))[0];
  return {
    // mysql2 sends numbers as doubles, which LIMIT does not take; as text the server reads them as it should.
    page: (after, limit) => rows(PAGE, [String(after), String(limit)]),
    product: async (slug) => (await rows(ONE, [slug]))[0],
    cart: (owner) => rows(CART, [owner]),
    add: async (owner, slug, quantity) => (await rows(ADD_MYSQL, [owner, quantity, slug, quantity])).affectedRows > 0,
  };
}
