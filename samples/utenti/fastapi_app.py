#!/usr/bin/python3
"""fastapi_app.py [PORT]: takes alerts by POST /alert and lists them at GET /alerts, each once."""
import sys
from typing import Optional

import uvicorn
from fastapi import FastAPI, Header
from pydantic import BaseModel

app = FastAPI(title="Alerts")
alerts, seen = [], set()


class Alert(BaseModel):
    id: int
    email: Optional[str]
    saldo: float

    class Config:
        extra = "allow"


@app.post("/alert")
async def alert(body: dict, idempotency_key: Optional[str] = Header(None)):
    row = Alert(**{name.lower(): value for name, value in body.items()})
    if idempotency_key is None or idempotency_key not in seen:
        seen.add(idempotency_key)
        alerts.append(row)
    return {"status": "ok", "alerts": len(alerts)}


@app.get("/alerts")
async def listing():
    return alerts


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000, log_level="warning")
