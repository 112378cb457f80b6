#!/usr/bin/python3
"""fastapi_rows.py PORT BOOK: takes arrays of rows by POST /rows with FastAPI on uvicorn; POST /mode says what trouble to make."""
import asyncio
import sys
from typing import List

import uvicorn
from fastapi import FastAPI, Header, Request, Response
from pydantic import BaseModel

from book import Book

app, book = FastAPI(), Book(sys.argv[2])


class Row(BaseModel):
    k: int
    n: int


class Mode(BaseModel):
    mode: str


async def hang():
    gate = book.gate
    while not gate.is_set():
        await asyncio.sleep(0.1)
    return Response(status_code=500)


@app.middleware("http")
async def trouble(request: Request, call_next):
    what = book.trouble() if request.url.path == "/rows" else None
    if what == "hang":
        return await hang()
    if what == "late":                          # taken, but the answer comes when nobody waits for it any more
        book.take(request.headers["Idempotency-Key"], await request.json())
        return await hang()
    if what == "reset":
        request.receive.__self__.transport.abort()
        return Response(status_code=500)
    if what == "429":
        return Response(status_code=429, headers={"Retry-After": "2"})
    return Response(status_code=int(what)) if what else await call_next(request)


@app.post("/rows", status_code=204)
async def rows(body: List[Row], idempotency_key: str = Header(...)):
    book.take(idempotency_key, [r.dict() for r in body])
    return Response(status_code=204)


@app.post("/mode", status_code=204)
async def mode(body: Mode):
    book.set_mode(body.mode)
    return Response(status_code=204)


@app.get("/stats")
async def stats():
    return book.stats()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
