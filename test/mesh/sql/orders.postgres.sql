-- The demo shop's orders, as a shop has them in PostgreSQL.

-- name: listOrders :many
-- A customer's orders, the newest first.
-- @returns {Order}
-- @param customer - Whose orders.
-- @param [status] - Only orders of this status.
-- @param {1..50} [limit=10] - At most so many.
-- @param [after] - Those that come after the order of this number, for the next page.
SELECT number, customer, placed_on AS "placedOn", status, total, currency FROM orders
WHERE customer = :customer AND (:status::order_status IS NULL OR status = :status)
  AND (:after::text IS NULL
    OR (placed_on, number) < (SELECT placed_on, number FROM orders WHERE number = :after AND customer = :customer))
ORDER BY placed_on DESC, number DESC LIMIT :limit;

-- name: getOrder :one
-- One order of a customer's.
-- @returns {Order}
SELECT number, customer, placed_on AS "placedOn", status, total, currency FROM orders WHERE number = :number AND customer = :customer;

-- name: findOrders :many
-- The orders of these numbers, as many as there are.
-- @returns {Order}
SELECT number, customer, placed_on AS "placedOn", status, total, currency FROM orders WHERE number = ANY (:numbers);

-- name: listItems :many
-- What was bought with these orders.
SELECT order_number AS "order", product, CASE :locale WHEN 'en' THEN name_en ELSE name_zh END AS name, quantity, price,
  quantity * price AS "paid.amount", currency AS "paid.currency"
FROM items JOIN orders ON number = order_number WHERE order_number = ANY (:orders) ORDER BY order_number, place;
