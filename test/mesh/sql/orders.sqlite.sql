-- The demo shop's orders, as a shop has them in a file of SQLite, which knows no types of parameters and expressions.

-- name: listOrders :many
-- A customer's orders, the newest first.
-- @returns {Order}
-- @param {string} customer - Whose orders.
-- @param {paid|packed|shipped|out-for-delivery|delivered|cancelled|returning|returned} [status] - Only orders of this status.
-- @param {integer 1..50} [limit=10] - At most so many.
-- @param {string} [after] - Those that come after the order of this number, for the next page.
-- @column {paid|packed|shipped|out-for-delivery|delivered|cancelled|returning|returned} status
SELECT number, customer, placed_on AS placedOn, status, total, currency FROM orders
WHERE customer = :customer AND (:status IS NULL OR status = :status)
  AND (:after IS NULL
    OR (placed_on, number) < (SELECT placed_on, number FROM orders WHERE number = :after AND customer = :customer))
ORDER BY placed_on DESC, number DESC LIMIT :limit;

-- name: getOrder :one
-- One order of a customer's.
-- @returns {Order}
-- @param {string} number
-- @param {string} customer
-- @column {paid|packed|shipped|out-for-delivery|delivered|cancelled|returning|returned} status
SELECT number, customer, placed_on AS placedOn, status, total, currency FROM orders WHERE number = :number AND customer = :customer;

-- name: findOrders :many
-- The orders of these numbers, as many as there are.
-- @returns {Order}
-- @param {string[]} numbers
-- @column {paid|packed|shipped|out-for-delivery|delivered|cancelled|returning|returned} status
SELECT number, customer, placed_on AS placedOn, status, total, currency FROM orders WHERE number IN (SELECT value FROM json_each(:numbers));

-- name: listItems :many
-- What was bought with these orders.
-- @param {string[]} orders
-- @param {string} locale
-- @column {string} name
-- @column {decimal} paid.amount
SELECT order_number AS "order", product, CASE :locale WHEN 'en' THEN name_en ELSE name_zh END AS name, quantity, price,
  printf('%.2f', quantity * price) AS "paid.amount", currency AS "paid.currency"
FROM items JOIN orders ON number = order_number WHERE order_number IN (SELECT value FROM json_each(:orders)) ORDER BY order_number, place;
