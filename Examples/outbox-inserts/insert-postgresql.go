// Emits an event with an INSERT, in the same transaction as the platform's own data, in PostgreSQL (database/sql with pgx).
//
//	go mod init example && go get github.com/jackc/pgx/v5
//	export POSTHORN_DB=postgresql://me@/platform
//	posthorn apply Examples/topologies/weseedo.json
//	go run insert-postgresql.go "$POSTHORN_DB"
//	posthorn run
//
// A role that may do nothing but emit needs these rights:
//
//	GRANT INSERT (id, type, node, created, data, traceparent, headers), SELECT (id) ON posthorn_outbox TO platform;
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// Emit puts an event into a transaction, and returns its id.
//
// Give an id of your own when the same thing may be emitted twice: the same event again changes nothing; the same id with other content
// fails with SQLSTATE 23514, and so does everything else that is wrong with an event. An empty id has one made.
func Emit(ctx context.Context, tx *sql.Tx, eventType, node string, data any, id string) (string, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	var stored string
	err = tx.QueryRowContext(ctx,
		"INSERT INTO posthorn_outbox (id, type, node, data) VALUES (NULLIF($1::text, ''), $2, $3, $4) RETURNING id",
		id, eventType, node, string(body)).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		// The same event again is accepted, changes nothing and returns no row.
		return id, nil
	}
	return stored, err
}

func run(ctx context.Context, address, node string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit it does nothing.
	defer tx.Rollback()
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS meeting (id text PRIMARY KEY, title text NOT NULL)",
		"INSERT INTO meeting VALUES ('m1', 'Kick-off') ON CONFLICT DO NOTHING",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	id, err := Emit(ctx, tx, "MEETING_STARTED", node, map[string]string{"id": "m1"}, "meeting-m1-started")
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	fmt.Printf("committed with event %s\n", id)
	return nil
}

func main() {
	node := "havenzicht-desk"
	if len(os.Args) > 2 {
		node = os.Args[2]
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: insert-postgresql postgresql://user@host/database [node]")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], node); err != nil {
		fmt.Fprintf(os.Stderr, "not committed: %v\n", err)
		os.Exit(1)
	}
}
