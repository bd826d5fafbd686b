"""An NES program of our own, which keeps its game in RAM where Super Mario Bros. keeps it.

It holds no byte of that game. A sprite moves with LEFT and RIGHT (faster with B, higher with A);
combinations of buttons bring about what the environment has to cope with:

    DOWN+A      dying for 40 frames            DOWN+B      falling into a pit
    UP+RIGHT    sliding down the flagpole      UP+LEFT     the end of a world
    DOWN+LEFT   a pipe: a scene of 100 frames  UP          a vine: float state 3, but no flag
    UP+A        power-up                       UP+B        a coin and 200 points
    LEFT+RIGHT  time is up
"""

from tests.nes.assembler import assemble

PRG_BYTES = 32 * 1024
CHR_BYTES = 8 * 1024
START_X = 40
CLOCK_PERIOD = 24

SOURCE = f"""
reset:
    sei
    cld
    ldx #$ff
    txs
    lda #0
    sta $2000
    sta $2001
wait1:
    bit $2002
    bpl wait1
    lda #0
    ldx #0
clear:
    sta $00,x
    sta $0100,x
    sta $0200,x
    sta $0300,x
    sta $0400,x
    sta $0500,x
    sta $0600,x
    sta $0700,x
    inx
    bne clear
wait2:
    bit $2002
    bpl wait2
    lda #$3f            ; palette
    sta $2006
    lda #0
    sta $2006
    ldx #0
colours:
    lda palette,x
    sta $2007
    inx
    txa
    cmp #32
    bne colours
    lda #$20            ; name table: stripes of four tiles
    sta $2006
    lda #0
    sta $2006
    ldx #0
page0:
    txa
    lsr
    and #3
    sta $2007
    inx
    bne page0
page1:
    txa
    lsr
    and #3
    sta $2007
    inx
    bne page1
page2:
    txa
    lsr
    and #3
    sta $2007
    inx
    bne page2
page3:
    lda #0
    sta $2007
    inx
    bne page3
    lda #2              ; the sprite
    sta $0201
    lda #$ff
    sta $0204
    lda #$80
    sta $2000
forever:
    jmp forever

nmi:
    pha
    txa
    pha
    lda #$02
    sta $4014
    lda #0
    sta $2005
    sta $2005
    lda #$1e
    sta $2001
    lda $10
    sta $13             ; the pad of the frame before
    lda #1
    sta $4016
    lda #0
    sta $4016
    ldx #8
bits:
    lda $4016
    lsr
    ror $10
    dex
    bne bits
    inc $11
    bne counted
    inc $12
counted:
    jsr game
    lda $03b8
    sta $0200
    lda $86
    sta $0203
    pla
    tax
    pla
    rti

game:
    lda $0770
    cmp #1
    beq to_play
    cmp #2
    beq world_end
    cmp #3
    beq game_over
    lda $13             ; the title: START, newly pressed
    and #8
    bne game_done
    lda $10
    and #8
    beq game_done
    lda #1
    sta $0770
    lda #2
    sta $075a
    jmp start_level
to_play:
    jmp play
world_end:
    dec $20
    bne game_done
    jmp next_world
game_over:
    dec $20
    bne game_done
    lda #0
    sta $0770
    sta $0e
game_done:
    rts

next_world:
    inc $075f
    lda #0
    sta $075c
    sta $0760
    lda #1
    sta $0770
start_level:
    lda #3
    sta $0772
    lda #0
    sta $6d
    sta $1d
    sta $16
    sta $0e             ; busy, at the left of the screen
    sta $07f8
    sta $07f9
    sta $07fa
    lda #{START_X}
    sta $86
    lda #176
    sta $03b8
    lda #1
    sta $b5
    lda #20
    sta $07a0
    lda #{CLOCK_PERIOD}
    sta $21
    rts

play:
    lda $0e
    beq intro
    cmp #7
    beq entering
    cmp #6
    beq die
    cmp #$0b
    beq dying
    cmp #3
    beq pipe
    cmp #1
    beq vine
    cmp #4
    beq flag
    lda $b5
    cmp #2
    beq dying
    jmp walk
intro:
    lda $07a0
    beq intro_over
    dec $07a0
    rts
intro_over:
    lda #7
    sta $0e
    lda #5
    sta $20
    lda #4
    sta $07f8
    rts
entering:
    dec $20
    bne play_done
    lda #8
    sta $0e
play_done:
    rts
dying:
    dec $20
    bne play_done
    lda #6
    sta $0e
    rts
die:
    lda $075a
    beq last
    dec $075a
    jmp start_level
last:
    lda #$ff
    sta $075a
    lda #3
    sta $0770
    lda #30
    sta $20
    rts
pipe:
    lda $06de
    beq pipe_over
    dec $06de
    rts
pipe_over:
    inc $6d
    lda #8
    sta $0e
    rts
vine:
    dec $20
    bne play_done
    lda #8
    sta $0e
    lda #0
    sta $1d
    rts
flag:
    dec $20
    bne play_done
    inc $075c
    inc $0760
    lda $075c
    cmp #4
    bne same_world
    jmp next_world
same_world:
    jmp start_level

walk:
    dec $21             ; the clock
    bne ticked
    lda #{CLOCK_PERIOD}
    sta $21
    jsr tick
ticked:
    lda #176
    sta $03b8
    lda $10
    and #1
    beq grounded
    lda #120
    sta $03b8
grounded:
    lda #2              ; speed
    sta $22
    lda $10
    and #2
    beq slow
    inc $22
slow:
    lda $10
    cmp #$21
    beq does_die
    cmp #$22
    beq does_fall
    cmp #$90
    beq does_flag
    cmp #$50
    beq does_end
    cmp #$60
    beq does_pipe
    cmp #$10
    beq does_vine
    cmp #$c0
    beq does_die
    cmp #$11
    beq does_power
    cmp #$12
    beq does_coin
    lda $10
    and #$80
    bne right
    lda $10
    and #$40
    bne left
    rts
right:
    lda $86
    clc
    adc $22
    sta $86
    bcc walked
    inc $6d
walked:
    rts
left:
    lda $86
    sec
    sbc $22
    sta $86
    bcs walked
    dec $6d
    rts
does_die:
    lda #$0b
    sta $0e
    jmp scene
does_fall:
    lda #2
    sta $b5
    jmp scene
does_flag:
    lda #3
    sta $1d
    lda #$31
    sta $16
    lda #4
    sta $0e
    jmp scene
does_end:
    lda #2
    sta $0770
    jmp scene
does_vine:
    lda #1
    sta $0e
    lda #3
    sta $1d
scene:
    lda #40
    sta $20
    rts
does_pipe:
    lda #3
    sta $0e
    lda #100
    sta $06de
    rts
does_power:
    inc $0756
    rts
does_coin:
    inc $07ee
    lda $07e1
    clc
    adc #2
    sta $07e1
    rts

tick:
    lda $07fa
    beq tens
    dec $07fa
    rts
tens:
    lda #9
    sta $07fa
    lda $07f9
    beq hundreds
    dec $07f9
    rts
hundreds:
    lda #9
    sta $07f9
    lda $07f8
    beq time_up
    dec $07f8
    rts
time_up:
    lda #0
    sta $07f9
    sta $07fa
    lda #$0b
    sta $0e
    lda #40
    sta $20
    rts

palette:
    .byte $22, $30, $21, $11, $22, $30, $21, $11, $22, $30, $21, $11, $22, $30, $21, $11
    .byte $22, $16, $27, $18, $22, $16, $27, $18, $22, $16, $27, $18, $22, $16, $27, $18
"""


def chr_tiles() -> bytes:
    """Pictures: empty, stripes, a solid square, a chequerboard."""
    stripes = bytes([0xFF, 0x00] * 4 + [0x00] * 8)
    solid = bytes([0xFF] * 16)
    chequers = bytes([0xAA, 0x55] * 4 + [0xFF] * 8)
    tiles = bytes(16) + stripes + solid + chequers
    return tiles.ljust(CHR_BYTES, b"\0")


def own_rom(variant: int = 0) -> bytes:
    """The iNES file. Variants differ in a byte that the program never reads."""
    origin = 0x8000
    code, labels = assemble(SOURCE, origin)
    prg = bytearray(code.ljust(PRG_BYTES, b"\xea"))
    prg[0x7000] = variant
    for vector, label in ((0x7FFA, "nmi"), (0x7FFC, "reset"), (0x7FFE, "nmi")):
        prg[vector : vector + 2] = labels[label].to_bytes(2, "little")
    header = b"NES\x1a" + bytes([2, 1, 1, 0]) + bytes(8)
    return header + bytes(prg) + chr_tiles()


def wait_for(condition, step, limit=2000):
    """Step until the condition holds; emulators need frames of their own to boot."""
    for _ in range(limit):
        if condition():
            return
        step()
    raise AssertionError("never came about")
