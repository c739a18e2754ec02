"""Large arrays take their memory from a cache: blocks return when nothing can see them."""

import gc
import os
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.memory import MemoryCache

SHAPE, FLOAT = (300, 300), np.dtype("f4")


def empty(cache, shape=SHAPE):
    return cache.empty(shape, FLOAT, int(np.prod(shape)) * 4)


def test_a_block_returns_when_the_last_view_dies():
    cache = MemoryCache(1 << 30)
    array = empty(cache)
    assert array.ctypes.data % 64 == 0 and array.flags.c_contiguous and array.flags.writeable
    held = cache.allocated
    view = array[3:].T.reshape(-1, order="A")[5:]
    exported = memoryview(array)
    del array
    assert (cache.allocated, cache.cached) == (held, 0)
    del view
    assert (cache.allocated, cache.cached) == (held, 0)
    del exported
    assert (cache.allocated, cache.cached) == (0, held)
    again = empty(cache, (299, 301))  # nearly the same size
    assert (cache.hits, cache.misses, cache.cached) == (1, 1, 0)
    other = empty(cache)
    again[...], other[...] = 1, 2
    assert (again == 1).all()


def test_the_limit_and_clear():
    cache = MemoryCache(1 << 20)
    arrays = [empty(cache) for _ in range(5)]
    arrays.clear()
    assert 0 < cache.cached <= cache.limit
    held = empty(cache)
    cache.clear()
    held[...] = 3  # what is in use stays
    assert cache.cached == 0 and (held == 3).all()
    del held
    large = empty(cache, (1000, 1000))
    del large
    assert cache.cached <= cache.limit and cache.allocated == 0


def test_too_much_memory_raises():
    with pytest.raises((MemoryError, ValueError)):
        MemoryCache(0).empty((1 << 60,), FLOAT, 1 << 62)


def test_threads_and_a_garbage_collector_that_runs_anywhere():
    cache = MemoryCache(1 << 22)

    def churn(number):
        for i in range(200):
            array = empty(cache, (300 + i % 3, 300))
            array[...] = number
            ring = [array]
            ring.append(ring)  # freed by the collector only
            assert (array == number).all()

    threads = [threading.Thread(target=churn, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert cache.allocated == 0 and 0 <= cache.cached <= cache.limit


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_its_own_memory():
    x = mg.zeros(2048, 2048)
    child = os.fork()
    if not child:
        x += 1
        os._exit(int(float(x.sum()) != 2048 * 2048))
    assert os.waitpid(child, 0)[1] == 0
    assert float(x.sum()) == 0


def test_large_tensors_use_it():
    mg.empty_cache()
    before = mg.memory_stats()
    x = mg.empty(2048, 2048)
    y = x.T[1:]
    del x
    during = mg.memory_stats()
    assert during["allocated"] - before["allocated"] >= 4 * 2048 * 2048
    del y
    z = mg.empty(2048, 2048)
    assert mg.memory_stats()["hits"] > before["hits"]
    del z
    mg.empty_cache()
    after = mg.memory_stats()
    assert after["allocated"] == before["allocated"] and after["cached"] == 0
    assert after["heap_used"] >= 0
