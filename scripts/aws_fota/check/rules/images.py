# SPDX-License-Identifier: Apache-2.0
"""Rules on images, job documents and time."""

from __future__ import annotations

from aws_fota.check.amounts import Amount, exactly, largest
from aws_fota.check.inputs import Inputs
from aws_fota.check.verdict import BOTH, OURS, Comparison, Found, Mending, Rule
from aws_fota.config.limits import STEP_TIMEOUT_MINUTES

#: MCUboot's design, "Image trailer": magic (16), image_ok, copy_done and swap info of 8 each at the slot's end, which
#: requesting the upgrade writes. MCUboot itself needs more, by its mode and the sectors' size.
TRAILER = 40
#: The same design, "Swap status": three states of a write block each, for every sector that MCUboot is built for, 128
#: of them by default.
SWAP_STATES, SECTORS = 3, 128
#: What it needs, where the build was told.
FOOTER = "MCUBOOT_UPDATE_FOOTER_SIZE"
#: Swapping by offset, MCUboot takes the new image from the slot's second sector on.
SWAP_BY_OFFSET = "MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET"
#: Swapping by move, it needs a sector to move the image into beside those of the trailer.
SWAPS_BY_MOVE = ("MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE", "MCUBOOT_BOOTLOADER_MODE_SWAP_WITHOUT_SCRATCH")
#: AWS IoT Jobs: bytes of a job document.
DOCUMENT_MAX = 32768


def _slot(inputs: Inputs) -> Found:
    words = "make the image smaller, or the slot larger in the devicetree or the partition manager's layout"
    slot = inputs.layout.slot
    if slot.missing:
        return Comparison(inputs.image_size, slot, mending=Mending(words=words))
    trailer = _trailer(inputs)
    text = f"{slot.text} without {trailer} bytes of trailer"
    before = 0
    if inputs.symbols.is_on(SWAP_BY_OFFSET):
        sector = inputs.layout.sector
        if sector.missing:
            return Comparison(inputs.image_size, sector, mending=Mending(words=words))
        before = sector.low
        text += f" and the first sector of {before}"
    room = exactly(max(0, slot.low - before - trailer), f"{text}, {slot.source}")
    return Comparison(inputs.image_size, room, mending=Mending(words=words))


def _trailer(inputs: Inputs) -> int:
    """Bytes at the slot's end that no image may take, reckoned as the device does (templates/src/zephyr/slot.c.j2)."""
    footer = inputs.symbols.number(FOOTER)
    # 0 is what Kconfig has where sysbuild did not tell.
    if not footer.missing and footer.low > 0:
        return max(TRAILER, footer.low)
    layout = inputs.layout
    by_move = any(map(inputs.symbols.is_on, SWAPS_BY_MOVE))
    if layout.sector.missing or not (by_move or inputs.symbols.is_on(SWAP_BY_OFFSET)):
        return TRAILER
    sector = layout.sector.low
    status = max(layout.slot.low // sector, SECTORS) * SWAP_STATES * layout.write_block.low
    return (-(-(status + TRAILER) // sector) + int(by_move)) * sector


def _document(inputs: Inputs) -> Found:
    if not inputs.documents:
        return None
    need = largest([exactly(one.size, one.name) for one in inputs.documents])
    words = "remove what the device does not need from the document"
    return Comparison(need, exactly(DOCUMENT_MAX, "AWS IoT Jobs"), mending=Mending(words=words))


def _step_timer(inputs: Inputs) -> Found:
    symbol = STEP_TIMEOUT_MINUTES.symbol
    have = inputs.symbols.number(symbol)
    if have.high == 0:
        return Comparison(exactly(0, "no step timer is sent"), have, "minutes")
    step = inputs.description.options.progress_step_percent if inputs.description else 10
    size = inputs.image_size
    rate = inputs.deployment.link_rate
    if rate is None or size.missing:
        missing = ", ".join(part for part in (size.missing, "" if rate else "--link-rate") if part)
        need = Amount(1, STEP_TIMEOUT_MINUTES.maximum, "not known", missing)
    else:
        minutes = -(-size.high * step // (100 * rate * 60))
        words = f"{step} % of {size.high} bytes ({size.source}) at {rate} bytes/s"
        need = exactly(max(1, minutes), words)
    slower = "report more often (options: progress_step_percent), or send no step timer (0)"
    return Comparison(need, have, "minutes", inputs.symbols.raising(symbol, need, slower))


RULES = (
    Rule(
        "slot",
        "The image fits the slot that it is written to",
        "Zephyr, mcuboot.c: the end of the slot is its trailer; a larger image is REJECTED, or broken by it",
        BOTH,
        _slot,
    ),
    Rule(
        "job-document",
        "The job document is one that AWS IoT takes",
        "AWS IoT Jobs: a job document has at most 32768 bytes",
        BOTH,
        _document,
    ),
    Rule(
        "step-timer",
        "The slowest link makes one step of progress before the step timer expires",
        "AWS IoT Jobs: stepTimeoutInMinutes is renewed with each report of progress, once a step",
        OURS,
        _step_timer,
    ),
)
