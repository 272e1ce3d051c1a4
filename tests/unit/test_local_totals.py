"""Totals of receipts: what is paid, and null where that is not sure.

Receipts of our own, as tills print them: with roundings to coins, totals of pieces, points and tax,
discounts after a total, and cash with change.
"""

from __future__ import annotations

import pytest

from connector.providers.local import LocalProvider
from connector.providers.local.methods.extract import extract

REASON = LocalProvider.available()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")
RECEIPTS: list[tuple[str, float | None]] = [
    (
        "KEDAI RUNCIT MAJU SDN BHD\nNO 12 JALAN MERU\nTAX INVOICE\nMILK 1 x 6.50  6.50\n"
        "RICE 1 x 23.43 23.43\nSub Total 29.93\nTotal Incl GST 29.93\nRounding 0.02\n"
        "Total Due 29.95\nCash 50.00\nChange 20.05",
        29.95,
    ),
    (
        "RESTORAN WAN\nTotal Sales (Excluding GST)  18.30\nDiscount 0.00\nTotal GST 1.10\n"
        "Rounding 0.00\nTotal Sales (Inclusive of GST) 19.40\nCASH 20.00\nCHANGE 0.60",
        19.4,
    ),
    (
        "DAISY BAKERY\nTotal 0% supplies: 25.26\nTotal 6% supplies (Excl. GST): 0.00\n"
        "GST: 0.00\nTotal Payable: 25.26",
        25.26,
    ),
    (
        "QUICK CORNER S/B\nTotal Sales (Inclusive GST) RM 34.15\nCASH RM 50.00\n"
        "CHANGE RM 15.85\nGST Summary Amount(RM) Tax(RM)\nS = 6% 15.00 0.90\n"
        "Z = 0% 18.25 0.00",
        34.15,
    ),
    (
        "HAMMER & NAIL SDN BHD\nITEM(S) : 4 QTY(S) : 5\nTOTAL RM 33.92\n"
        "ROUNDING ADJUSTMENT -RM 0.02\nTOTAL ROUNDED RM 33.90\nCASH RM 50.00\n"
        "CHANGE RM 16.10",
        33.9,
    ),
    (
        "PENCIL BOX STATIONERY\nTOTAL SALES INCLUSIVE GST @6% 5.90\n"
        "ROUNDING ADJUSTMENT 0.00\nTOTAL 5.90\nCASH 10.00\nCHANGE 4.10\nGST SUMMARY\n"
        "TAX CODE % AMT (RM) TAX(RM)\nSR 6 5.57 0.33\nTOTAL : 5.57 0.33",
        5.9,
    ),
    (
        "HARBOUR NOODLES\nTotal Amount: RM8.20\nGST @6%: RM0.46\nNett Total: RM8.20\n"
        "Payment Mode Amount\nCASH RM8.20\nGST Summary Amount (RM) Tax (RM)\n"
        "SR(@6%) 7.74 0.46",
        8.2,
    ),
    (
        "LARK STORES BHD\nSub-total 46.90\nTotal Sales Incl GST 46.90\nRounding Adj 0.00\n"
        "Total After Adj Incl GST 46.90\nVISA 46.90\nItem Count 4\nTotal Saved 3.00\n"
        "Change Amt 0.00",
        46.9,
    ),
    (
        "THE COFFEE HOUSE\nLatte 4.50\nMuffin 3.25\nSUBTOTAL 7.75\nTAX 0.68\nTIP 1.50\n"
        "TOTAL 9.93\nVISA ****1234 9.93",
        9.93,
    ),
    (
        "DINER 24\nBurger 12.00\nSubtotal 12.00\nTax 1.08\nTotal 13.08\nTip ______\n"
        "Total ______\nSuggested tip 18% 2.16 total 15.24\n20% 2.40 total 15.48",
        13.08,
    ),
    (
        "HARDWARE STORE\nNAILS 4.20\nTOTAL QTY 3\nTOTAL SAVINGS 2.00\nTOTAL 14.20\n"
        "AMOUNT TENDERED 20.00\nCHANGE DUE 5.80",
        14.2,
    ),
    (
        "PETROL STATION\nPUMP 4 RON95 45.45 LITRE @ 2.20\nTOTAL RM 99.99\n"
        "POINTS EARNED 99\nTOTAL POINTS 1,204",
        99.99,
    ),
    (
        "FRESH MARKET\nTOTAL\n12.50\nCASH\n20.00\nCHANGE\n7.50",
        12.5,
    ),
    (
        "BOOK WORLD\nDescription Qty Price Amount\nPen 2 1.00 2.00\nBook 1 30.00 30.00\n"
        "Total Qty : 3\nTotal (RM) : 32.00\nDisc (RM) : 3.20\nNet Amount (RM) : 28.80\n"
        "Cash : 30.00\nChange : 1.20",
        28.8,
    ),
    (
        "CLINIC SERI\nTotal 80.00\nDeposit 30.00\nBalance 50.00",
        80.0,
    ),
    (
        "BIG MART\nTOTAL BEFORE DISCOUNT 50.00\nTOTAL DISCOUNT 5.00\nGRAND TOTAL 45.00",
        45.0,
    ),
    (
        "TEH TARIK PLACE\nSub Total : 14.15\nService Charge 10% : 1.42\nGST 6% : 0.93\n"
        "Bill Total : 16.50\nRounding : 0.00\nTotal : 16.50",
        16.5,
    ),
    (
        "RIVERSIDE PHONES\nTotal Excl. GST : 94.34\nTotal GST 6% : 5.66\n"
        "Total Incl. GST : 100.00\nRounding Adj : 0.00\nTotal Payable : 100.00",
        100.0,
    ),
    (
        "EIGHT LANES CASH & CARRY\nTOTAL ITEM(S) 6\nTOTAL 41.98\nROUNDING 0.02\n"
        "NET TOTAL 42.00\nCASH 42.00\nCHANGE 0.00",
        42.0,
    ),
    (
        "FAMILY SHOP\nItems 3\nTotal before tax 10.00\nTax 0.60\nAmount 10.60\n"
        "Tender 11.00\nChange 0.40",
        10.6,
    ),
    (
        "TOKO BUNGA\nROSES 3 @ 5.00 15.00\nTOTAL GST 0.85\nTOTAL 15.00\nCASH 16.00\nCHANGE 1.00",
        15.0,
    ),
    (
        "STORE\nTOTAL: 115.00 6.90\nTOTAL INCL 121.90\nCASH 150.00\nCHANGE 28.10",
        121.9,
    ),
    (
        "TIN ROOF SUPPLIES SDN BHD\nQty 3\nTOTAL EXCL GST: 162.26\n"
        "TOTAL INCL. GST: 172.00\nTOTAL AMT: 172.00\nROUNDING: 0.00\n172.00\nCASH 200.00\n"
        "CHANGE 28.00",
        172.0,
    ),
    (
        "PASARAYA BORONG\nTOTAL RM 60.27\nRND ADJ -0.02\nCASH 100.00\nCHANGE 39.75",
        None,
    ),
    (
        "NIGHT CAFE\nTOTAL AMOUNT 23.12\nROUNDING ADJ -0.02\n23.10\nCASH 50.00\nCHANGE 26.90",
        None,
    ),
    (
        "PAPER MOON BOOKS\nTotal RM Incl. of GST 17.48\nRounding Adj 0.02\nTotal RM 17.50\n"
        "Cash 20.00\nChange 2.50",
        17.5,
    ),
    (
        "KEDAI UBAT\nTOTAL 12.31\nROUNDING -0.01\nNET 12.30\nCASH 12.30",
        12.3,
    ),
    (
        "OAK LANE TRADING\nTotal Inclusive GST : 112.45\nRounding Amt : 0.00\n"
        "TOTAL : 112.45\nCash : 112.45\nChange : 0.00",
        112.45,
    ),
    (
        "GLOBAL MART\nSubtotal 8.98\nAdj 0.02\nAmount Due 9.00\nCash 10.00\nChange 1.00",
        9.0,
    ),
    (
        "HILL TOP FUEL\nTotal RM 50.00\nRounding Adj RM 0.00\nVisa RM 50.00\nGST Summary\n"
        "6% 47.17 2.83",
        50.0,
    ),
    (
        "ICE CREAM\nTOTAL 7.77\nROUNDED TOTAL 7.75\nCASH 10.00\nCHANGE 2.25",
        7.75,
    ),
    (
        "BAKERY\nItem 3.20\nItem 3.20\nAmount 6.40\nCash 10.40\nChange 4.00",
        6.4,
    ),
    (
        "THE LANTERN\nTotal Amount Incl. Service 15.38\nGST 0.92\nRounding 0.00\n"
        "Total Payable 16.30\nCASH 20.00\nCHANGE 3.70",
        16.3,
    ),
    (
        "HAIR SALON\nWash 20.00\nCut 35.00\nTotal 55.00\nMember discount 5.00\nNett 50.00\n"
        "Cash 100.00\nChange 50.00",
        50.0,
    ),
    (
        "MARKET\nTotal 31.48\nPayment\nMastercard 31.48\nYou saved 4.10\nRewards total 12.75",
        31.48,
    ),
    (
        "GROCER\nTOTAL 9.97\nCASH 10.00\nCHANGE 0.05",
        None,
    ),
    (
        "PARKING\nEntry 10:02\nExit 12:44\nTotal EUR 6,40\nMwSt 19% 1,02\nBar 10,00\n"
        "Rueckgeld 3,60",
        6.4,
    ),
    (
        "CAFE\nSumme EUR 12,80\ndavon MwSt 2,04\nBar EUR 20,00\nZurueck EUR 7,20",
        12.8,
    ),
    (
        "FURNITURE\nTotal 1,299.00\nLess deposit 300.00\nBalance 999.00",
        1299.0,
    ),
    (
        "FOOD COURT\n2 x Noodles 7.50 15.00\n1 x Tea 1.80\nTotal 16.80\nAdj -0.05\n"
        "Net Total 16.75\nCash 20.00\nChange 3.25",
        16.75,
    ),
    (
        "WAREHOUSE\nTOTAL 214.11\nROUNDING ADJ 0.04\nTOTAL DUE 214.15\nCHEQUE 214.15",
        214.15,
    ),
]


@pytest.mark.parametrize(
    ("receipt", "total"), RECEIPTS, ids=[text.split("\n")[0] for text, _ in RECEIPTS]
)
def test_the_total_is_what_is_paid(receipt: str, total: float | None) -> None:
    """After discounts and roundings, and not that of something else."""
    hint = "the amount to pay"
    field = {"key": "total", "name": "total", "type": "money", "hint": hint, "choices": []}
    assert extract({"text": receipt, "fields": [field]})["total"] == total
