/*
 * The number of what a data directory holds: keys and values of state (state/, operators/, engine/,
 * sinks/), the catalog, frames of embedded topics, backups. State, catalog and backups bear it, and
 * are opened by programs of the same number only.
 *
 * Raise it with every change after which one of them would be misread, and let
 * tests/e2e/format.py --make make its fixture anew; that test fails when it was forgotten. What is
 * added behind what is there, so that its absence can be told, needs no new number.
 *
 *	1  the first
 *	2  aggregates over tables keep how often each value is there
 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#define WR_DATA_FORMAT "2"

#endif
